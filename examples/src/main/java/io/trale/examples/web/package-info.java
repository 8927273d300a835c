/// A web server in straight-line code. Open [io.trale.examples.web.WebServer] first, then
/// [io.trale.examples.web.HttpConnection].
package io.trale.examples.web;
