package io.trale.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The key of a server that encrypts, as options of a command.
final class Keys {

    private static final String TEMPORARY_PASSWORD = "temporary";

    @Option(names = "--key-store", paramLabel = "FILE",
            description = "PKCS12 file with the key and the certificate of this server (default: a key that is made now, "
                    + "with a certificate for localhost that it signs itself; for trying out).")
    private @Nullable Path file;

    @Option(names = "--key-store-password", paramLabel = "PASSWORD", interactive = true, arity = "0..1",
            description = "Password of the key store; asked for if none is given.")
    private char @Nullable [] password;

    @Option(names = "--trust", paramLabel = "FILE",
            description = "PEM file of certificates to trust (default: those that Java trusts).")
    private @Nullable Path trusted;

    /// A context with that key.
    SSLContext context() throws IOException {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            if (file == null) {
                keys.init(selfSigned(), TEMPORARY_PASSWORD.toCharArray());
            } else {
                keys.init(load(file, password), password);
            }
            return context(keys);
        } catch (GeneralSecurityException e) {
            throw new IOException("the key store cannot be used: " + e.getMessage(), e);
        }
    }

    /// A context for clients, without a key.
    SSLContext clientContext() throws IOException {
        try {
            return context(null);
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificates to trust cannot be used: " + e.getMessage(), e);
        }
    }

    private SSLContext context(@Nullable KeyManagerFactory keys) throws GeneralSecurityException, IOException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys == null ? null : keys.getKeyManagers(), trustManagers(), null);
        return context;
    }

    private TrustManager @Nullable [] trustManagers() throws GeneralSecurityException, IOException {
        if (trusted == null) {
            return null;
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream in = Files.newInputStream(trusted)) {
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("trusted-" + store.size(), certificate);
            }
        }
        trust.init(store);
        return trust.getTrustManagers();
    }

    private static KeyStore load(Path file, char @Nullable [] password) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        return store;
    }

    /// A new key for `localhost`, made by the JDK's keytool.
    private static KeyStore selfSigned() throws GeneralSecurityException, IOException {
        Path directory = Files.createTempDirectory("trale-keys");
        try {
            Path file = directory.resolve("keys.p12");
            Process keytool = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-alias", "trale", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost",
                    "-ext", "san=dns:localhost,ip:127.0.0.1,ip:::1", "-validity", "30", "-storetype", "PKCS12",
                    "-keystore", file.toString(), "-storepass", TEMPORARY_PASSWORD)).redirectErrorStream(true).start();
            String output = new String(keytool.getInputStream().readAllBytes());
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool could not make a key: " + output.strip());
            }
            return load(file, TEMPORARY_PASSWORD.toCharArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
