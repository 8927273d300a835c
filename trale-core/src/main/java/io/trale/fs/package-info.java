/// Files, as futures.
package io.trale.fs;
