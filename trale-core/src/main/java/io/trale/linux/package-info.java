/// The system call interface to Linux: system calls, constants, socket addresses and error numbers. Open
/// [io.trale.linux.Kernel] first.
///
/// Only this package calls the restricted methods of `java.lang.foreign`, which can crash the JVM. Each such call has a
/// `SAFETY` comment with the size and lifetime of the memory, and what frees it.
///
/// Not exported: public only for other packages of trale.
package io.trale.linux;
