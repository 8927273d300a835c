package io.trale.stress;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Target;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/// A broken twin of a class, which the annotated test has to catch: the real source but for one place.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Repeatable(Twin.All.class)
public @interface Twin {

    /// What is wrong with it.
    String fault();

    /// The class that it takes the place of.
    Class<?> of();

    /// What stands in the source, once; blanks and line ends are all the same.
    String real();

    /// What stands there in the twin.
    String broken();

    /// The container that Java wants.
    @Target(ElementType.TYPE)
    @Retention(RetentionPolicy.RUNTIME)
    @interface All {
        Twin[] value();
    }
}
