package io.trale.reactive.tls;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/// Key pairs with certificates that they have signed themselves, made by keytool once for each JVM.
public final class TestKeys {

    public static final char[] PASSWORD = "not-secret".toCharArray();

    /// Of `localhost` and 127.0.0.1.
    public static final TestKeys SERVER = new TestKeys("CN=localhost", "san=dns:localhost,ip:127.0.0.1");
    public static final TestKeys CLIENT = new TestKeys("CN=a client", "san=dns:client.example");

    private final KeyStore store;

    private TestKeys(String name, String extension) {
        try {
            Path directory = Files.createTempDirectory("trale-keys");
            Path file = directory.resolve("keys.p12");
            try {
                Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "key",
                        "-keyalg", "EC", "-groupname", "secp256r1", "-dname", name, "-ext", extension, "-validity", "2",
                        "-storetype", "PKCS12", "-keystore", file.toString(), "-storepass", new String(PASSWORD)))
                        .redirectErrorStream(true).start();
                String output = new String(keytool.getInputStream().readAllBytes());
                if (keytool.waitFor() != 0) {
                    throw new IOException("keytool: " + output);
                }
                store = KeyStore.getInstance("PKCS12");
                try (InputStream in = Files.newInputStream(file)) {
                    store.load(in, PASSWORD);
                }
            } finally {
                Files.deleteIfExists(file);
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public KeyStore store() {
        return store;
    }

    public X509Certificate certificate() throws GeneralSecurityException {
        return (X509Certificate) store.getCertificate("key");
    }

    /// A context with this key, which trusts the certificates of both.
    public SSLContext context() {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Trusts the certificates of both.
    public static TrustManager[] trust() throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", SERVER.certificate());
        trusted.setCertificateEntry("client", CLIENT.certificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust.getTrustManagers();
    }
}
