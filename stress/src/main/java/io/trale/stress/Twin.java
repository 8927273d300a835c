package io.trale.stress;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Target;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/// A broken twin of a class: its source with one change. The annotated test must fail on the twin.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Repeatable(Twin.All.class)
public @interface Twin {

    /// The fault of the twin.
    String fault();

    /// The class that the twin replaces, without `io.trale.`; a string, since it may be private to its package.
    String of();

    /// The code to replace, which must occur once in the source. White space and line comments are ignored.
    String real();

    /// The replacement.
    String broken();

    /// The container annotation.
    @Target(ElementType.TYPE)
    @Retention(RetentionPolicy.RUNTIME)
    @interface All {
        Twin[] value();
    }
}
