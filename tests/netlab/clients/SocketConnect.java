import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Connects a plain socket with a time-out (0: none), sends a request, prints the first line of the reply. */
class SocketConnect {
  public static void main(String[] arguments) throws Exception {
    String host = arguments[0];
    int port = Integer.parseInt(arguments[1]);
    int timeout = Integer.parseInt(arguments[2]);
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), timeout);
      socket.setSoTimeout(timeout);
      socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      int first = socket.getInputStream().read();
      System.out.println(first < 0 ? "closed" : "reply");
    } catch (IOException failure) {
      System.out.println(failure);
      System.exit(1);
    }
  }
}
