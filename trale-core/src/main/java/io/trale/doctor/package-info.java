/// Reports whether trale can run on this machine and JVM: the features it uses, the fallbacks, and recommended changes. Open
/// [io.trale.doctor.Doctor] first.
package io.trale.doctor;
