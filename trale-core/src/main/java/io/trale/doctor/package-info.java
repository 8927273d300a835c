/// Says whether trale can run on this machine and this JVM, what it uses there, what stands in for what is missing, and
/// what to change: [io.trale.doctor.Doctor].
package io.trale.doctor;
