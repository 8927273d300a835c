/// TCP, as futures.
package io.trale.net;
