/// Reading and writing, whatever the bytes come from or go to, and the buffers that it is done with.
package io.trale.io;
