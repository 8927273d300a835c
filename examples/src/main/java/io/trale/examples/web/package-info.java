/// A web server in straight-line code. Read [io.trale.examples.web.WebServer] first, then what it does with a connection.
package io.trale.examples.web;
