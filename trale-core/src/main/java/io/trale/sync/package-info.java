/// What tasks use to wait for each other.
package io.trale.sync;
