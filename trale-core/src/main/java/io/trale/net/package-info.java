/// TCP, UDP and Unix sockets whose operations return futures. Open [io.trale.net.StreamSocket] first.
///
/// There are three kinds of sockets: [io.trale.net.StreamSocket], [io.trale.net.StreamListener] and
/// [io.trale.net.DatagramSocket]. Each has a subclass for internet addresses and one for paths.
package io.trale.net;
