package io.trale.reactive.tck;

import java.util.List;
import java.util.Set;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.IMethodInstance;
import org.testng.IMethodInterceptor;
import org.testng.ITestContext;

/// Shared by all official suites: their times, and the tests that do not apply. `junit-platform.properties` passes this to
/// TestNG.
public final class Tck implements IMethodInterceptor {

    /// For signals that must come. Costs time only in a test that fails.
    private static final long TIMEOUT_MILLIS = 60_000;
    /// How long a suite waits for signals that must not come. Always costs this time; load cannot make it fail.
    private static final long NO_SIGNALS_MILLIS = 20;

    /// Rules that the suites cannot test: they throw `SkipException` for every publisher and subscriber.
    private static final String UNTESTED = "untested_";

    /// Rule 1.11 applies to publishers of several subscribers. All sources of trale have one at a time.
    private static final String MULTICAST = "optional_spec111_";

    /// For publishers that complete: not for signals, ticks and datagrams.
    private static final Set<String> COMPLETING = Set.of(
            "required_createPublisher1MustProduceAStreamOfExactly1Element",
            "required_createPublisher3MustProduceAStreamOfExactly3Elements",
            "required_spec102_maySignalLessThanRequestedAndTerminateSubscription",
            "stochastic_spec103_mustSignalOnMethodsSequentially",
            "required_spec105_mustSignalOnCompleteWhenFiniteStreamTerminates",
            "optional_spec105_emptyStreamMustTerminateBySignallingOnComplete",
            "required_spec107_mustNotEmitFurtherSignalsOnceOnCompleteHasBeenSignalled",
            "required_spec317_mustSupportAPendingElementCountUpToLongMaxValue",
            "required_spec317_mustSupportACumulativePendingElementCountUpToLongMaxValue");

    /// For publishers of more than one element: not for openings.
    private static final Set<String> MORE_THAN_ONE_ELEMENT = Set.of(
            "required_createPublisher3MustProduceAStreamOfExactly3Elements",
            "required_spec101_subscriptionRequestMustResultInTheCorrectNumberOfProducedElements",
            "required_spec102_maySignalLessThanRequestedAndTerminateSubscription",
            "stochastic_spec103_mustSignalOnMethodsSequentially",
            "required_spec105_mustSignalOnCompleteWhenFiniteStreamTerminates",
            "required_spec302_mustAllowSynchronousRequestCallsFromOnNextAndOnSubscribe",
            "required_spec303_mustNotAllowUnboundedRecursion",
            "required_spec306_afterSubscriptionIsCancelledRequestMustBeNops",
            "required_spec309_requestZeroMustSignalIllegalArgumentException",
            "required_spec309_requestNegativeNumberMustSignalIllegalArgumentException",
            "optional_spec309_requestNegativeNumberMaySignalIllegalArgumentExceptionWithSpecificMessage",
            "required_spec312_cancelMustMakeThePublisherToEventuallyStopSignaling",
            "required_spec317_mustSupportAPendingElementCountUpToLongMaxValue",
            "required_spec317_mustSupportACumulativePendingElementCountUpToLongMaxValue",
            "required_spec317_mustNotSignalOnErrorWhenPendingAboveLongMaxValue");

    /// Created by TestNG.
    public Tck() {}

    static TestEnvironment environment() {
        return new TestEnvironment(TIMEOUT_MILLIS, NO_SIGNALS_MILLIS);
    }

    /// Omits the tests that the suites would skip.
    @Override
    public List<IMethodInstance> intercept(List<IMethodInstance> methods, ITestContext context) {
        return methods.stream().filter(method -> applies(method.getMethod().getMethodName(), method.getInstance())).toList();
    }

    private static boolean applies(String rule, Object suite) {
        if (rule.startsWith(UNTESTED) || rule.startsWith(MULTICAST)) {
            return false;
        }
        long elements = suite instanceof PublisherVerification<?> verification ? verification.maxElementsFromPublisher() : 2;
        return !(elements == Long.MAX_VALUE && COMPLETING.contains(rule))
                && !(elements == 1 && MORE_THAN_ONE_ELEMENT.contains(rule));
    }
}
