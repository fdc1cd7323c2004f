import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One GET to the last byte: "url" (HttpURLConnection) or "client" (HttpClient), URL, time (ms). */
class ReadAll {
  public static void main(String[] arguments) throws Exception {
    URI uri = URI.create(arguments[1]);
    int time = Integer.parseInt(arguments[2]);
    try {
      if (arguments[0].equals("url")) {
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setReadTimeout(time);
        System.out.println(connection.getInputStream().readAllBytes().length);
      } else {
        System.out.println(HttpClient.newHttpClient()
            .sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
            .get(time, TimeUnit.MILLISECONDS)
            .body());
      }
    } catch (IOException | TimeoutException failure) {
      System.out.println(failure);
      System.exit(1);
    }
    System.exit(0);
  }
}
