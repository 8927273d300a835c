/// TCP, UDP and Unix sockets, as futures.
///
/// There are three kinds, [io.trale.net.StreamSocket], [io.trale.net.StreamListener] and [io.trale.net.DatagramSocket],
/// and of each one for the internet and one for paths, which differ in their addresses and in little else.
package io.trale.net;
