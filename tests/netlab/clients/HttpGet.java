import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** One GET with the JDK's HttpClient: URL, connect time-out, time-out of the whole request (ms). */
class HttpGet {
  public static void main(String[] arguments) throws Exception {
    HttpClient client = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofMillis(Long.parseLong(arguments[1])))
        .build();
    HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
        .timeout(Duration.ofMillis(Long.parseLong(arguments[2])))
        .build();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(response.statusCode() + " " + response.body());
    } catch (IOException failure) {
      System.out.println(failure);
      // Another thread of the client closes the socket: a program that goes on gives it the time.
      Thread.sleep(1500);
      System.exit(1);
    }
    System.exit(0);
  }
}
