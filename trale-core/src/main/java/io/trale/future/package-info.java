/// The vocabulary: a future is polled, and a waker says when to poll it again.
///
/// These types import nothing of trale. Returning a boolean from `poll` and keeping the result beside it is what makes
/// a poll free of allocation.
package io.trale.future;
