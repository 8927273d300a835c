/// TCP and UDP, as futures.
package io.trale.net;
