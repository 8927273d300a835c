package io.trale.reactive.tck;

import io.trale.reactive.testing.Support;
import java.lang.ref.WeakReference;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.TestEnvironment.ManualSubscriber;
import org.reactivestreams.tck.TestEnvironment.ManualSubscriberWithSubscriptionSupport;
import org.testng.Assert;
import org.testng.annotations.Test;

/// The official suite for publishers. The tests that are overridden here wait for an event; the suite's own check once, after a
/// fixed time, and fail on a busy machine.
public abstract class SourceTck<T> extends PublisherVerification<T> {

    private final TestEnvironment environment;

    SourceTck() {
        this(Tck.environment());
    }

    private SourceTck(TestEnvironment environment) {
        super(environment);
        this.environment = environment;
    }

    @Override
    @Test
    public void required_spec309_requestZeroMustSignalIllegalArgumentException() throws Throwable {
        assertIllegalArgument(failureOfRequest(0));
    }

    @Override
    @Test
    public void required_spec309_requestNegativeNumberMustSignalIllegalArgumentException() throws Throwable {
        assertIllegalArgument(failureOfRequest(-1));
    }

    @Override
    @Test
    public void optional_spec309_requestNegativeNumberMaySignalIllegalArgumentExceptionWithSpecificMessage() throws Throwable {
        Throwable failure = failureOfRequest(Long.MIN_VALUE);
        assertIllegalArgument(failure);
        Assert.assertTrue(failure.getMessage().contains("3.9"), failure.getMessage());
    }

    private Throwable failureOfRequest(long n) throws InterruptedException {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        ManualSubscriber<T> subscriber = new ManualSubscriberWithSubscriptionSupport<>(environment) {
            @Override
            public void onError(Throwable cause) {
                failure.complete(cause);
            }
        };
        environment.subscribe(createPublisher(10), subscriber);
        subscriber.request(n);
        return Support.get(failure);
    }

    private static void assertIllegalArgument(Throwable failure) {
        Assert.assertTrue(failure instanceof IllegalArgumentException, failure.toString());
    }

    @Override
    @Test
    public void required_spec313_cancelMustMakeThePublisherEventuallyDropAllReferencesToTheSubscriber() throws Throwable {
        Publisher<T> publisher = createPublisher(3);
        WeakReference<?> subscriber = cancelledSubscriber(publisher);
        Support.until("the publisher has dropped its subscriber", () -> {
            System.gc();
            return subscriber.refersTo(null);
        });
        Assert.assertNotNull(publisher, "reachable until here");
    }

    /// A subscriber that has cancelled: after an element, if there is more than one.
    private WeakReference<?> cancelledSubscriber(Publisher<T> publisher) throws InterruptedException {
        ManualSubscriber<T> subscriber = environment.newManualSubscriber(publisher);
        if (maxElementsFromPublisher() > 1) {
            subscriber.requestNextElement();
        }
        subscriber.cancel();
        return new WeakReference<>(subscriber);
    }
}
