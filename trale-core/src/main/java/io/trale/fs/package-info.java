/// Files whose operations return futures. Open [io.trale.fs.File] first.
package io.trale.fs;
