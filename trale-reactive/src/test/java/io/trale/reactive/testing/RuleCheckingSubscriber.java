package io.trale.reactive.testing;

import java.util.ArrayList;
import java.util.List;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/// A subscriber that checks the rules of Reactive Streams, and records each violation in [#breaches].
public abstract class RuleCheckingSubscriber<T> implements CoreSubscriber<T> {

    public final List<String> breaches;
    private final Thread loop = Thread.currentThread();

    private Subscription subscription;
    private long demand;
    private long received;
    private boolean inside;
    private boolean cancelled;
    private boolean over;

    /// Create it on the loop, where all signals must come.
    protected RuleCheckingSubscriber(List<String> breaches) {
        this.breaches = breaches;
    }

    protected RuleCheckingSubscriber() {
        this(new ArrayList<>());
    }

    /// Called in `onSubscribe`.
    protected abstract void start();

    protected abstract void element(T element);

    /// Called at the end; `failure` is null after a completion.
    protected abstract void end(Throwable failure);

    /// True if signals may follow a cancel, as with operators (§2.8). Sources of trale see a cancel at once.
    protected boolean signalsMayFollowCancel() {
        return false;
    }

    /// True if signals may come on any thread, as with operators. Sources of trale signal on the loop.
    protected boolean signalsComeAnywhere() {
        return false;
    }

    // ---- for subclasses, any thread

    public final void request(long n) {
        demand = Math.addExact(demand, n);
        subscription.request(n);
    }

    public final void cancel() {
        cancelled = true;
        subscription.cancel();
    }

    public final boolean isOver() {
        return over || cancelled;
    }

    // ---- signals

    private void enter(String signal, boolean anyThread) {
        check(anyThread || signalsComeAnywhere() || Thread.currentThread() == loop, signal + " on " + Thread.currentThread());
        check(!inside, signal + " inside another signal");
        check(subscription != null, signal + " before onSubscribe");
        check(!over, signal + " after the end");
        check(!cancelled || signalsMayFollowCancel(), signal + " after cancel");
        inside = true;
    }

    private void check(boolean condition, String otherwise) {
        if (!condition) {
            breaches.add(otherwise);
        }
    }

    @Override
    public final void onSubscribe(Subscription s) {
        check(subscription == null, "onSubscribe twice");
        subscription = s;
        start();
    }

    @Override
    public final void onNext(T t) {
        enter("onNext", false);
        check(++received <= demand, "onNext " + received + " with a demand of " + demand);
        element(t);
        inside = false;
    }

    @Override
    public final void onError(Throwable t) {
        enter("onError(" + t + ")", "the loop is closed".equals(t.getMessage())); // then there is no loop
        over = true;
        end(t);
        inside = false;
    }

    @Override
    public final void onComplete() {
        enter("onComplete", false);
        over = true;
        end(null);
        inside = false;
    }
}
