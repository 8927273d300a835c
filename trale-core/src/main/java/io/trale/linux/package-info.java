/// The system call interface to Linux: system calls, constants, socket addresses and error numbers. Open
/// [io.trale.linux.Kernel] first.
///
/// Only this package calls the restricted methods of `java.lang.foreign`, which can crash the JVM. Each such call has a
/// `SAFETY` comment with the size and lifetime of the memory, and what frees it.
///
/// Not exported: what is public here is public for the other packages of trale only.
package io.trale.linux;
