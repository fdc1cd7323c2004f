import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Many GETs, each on a connection of its own: URL, how many, how many threads. Prints how many were answered. */
class ManyGets {
  public static void main(String[] arguments) throws Exception {
    System.setProperty("http.keepAlive", "false");
    int threads = Integer.parseInt(arguments[2]);
    AtomicInteger left = new AtomicInteger(Integer.parseInt(arguments[1]));
    AtomicInteger answered = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      new Thread(() -> {
        while (left.getAndDecrement() > 0) {
          try {
            HttpURLConnection get = (HttpURLConnection) URI.create(arguments[0]).toURL().openConnection();
            get.setConnectTimeout(10_000);
            get.setReadTimeout(10_000);
            try (InputStream body = get.getInputStream()) {
              body.readAllBytes();
            }
            answered.incrementAndGet();
          } catch (Exception failure) {
            System.err.println(failure);
          }
        }
        done.countDown();
      }).start();
    }
    done.await();
    System.out.println(answered.get());
  }
}
