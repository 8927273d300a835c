/// The boundary to Linux: one interface of system calls, constants, addresses, error numbers.
///
/// Restricted methods of `java.lang.foreign`, Java's word for unsafe, are called in this package and nowhere else.
/// Every such call stands under a `SAFETY` comment that names the size, the lifetime and who frees.
package io.trale.linux;
