import com.sun.net.httpserver.HttpServer;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** The JDK's servers: a thread for every connection, or a pool behind one reader. */
class Server {
    static String answer(String path) throws Exception {
        int n = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
        for (int k = 0; k < 1 + n % 2; k++) {
            URL u = new URL("http://" + System.getenv("BACKEND") + "/b/" + n + "/" + k);
            HttpURLConnection c = (HttpURLConnection) u.openConnection();
            try (InputStream in = c.getInputStream()) {
                in.readAllBytes();
            }
        }
        return "done " + n + "\n";
    }

    static void serve(Socket s) {
        try (s) {
            s.setTcpNoDelay(true);
            byte[] b = new byte[65536];
            for (int n; (n = s.getInputStream().read(b)) > 0;) { // a request is one segment
                String body = answer(new String(b, 0, n).split(" ", 3)[1]);
                s.getOutputStream().write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes());
            }
        } catch (Exception e) {
            System.err.println(e);
        }
    }

    static Executor virtual() throws Exception {
        return (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(System.getenv("PORT"));
        if (args[0].equals("pool")) {
            HttpServer h = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 512);
            h.createContext("/", x -> {
                try {
                    byte[] body = answer(x.getRequestURI().getPath()).getBytes();
                    x.sendResponseHeaders(200, body.length);
                    x.getResponseBody().write(body);
                    x.close();
                } catch (Exception e) {
                    System.err.println(e);
                }
            });
            h.setExecutor(Executors.newFixedThreadPool(32));
            h.start();
            return;
        }
        Executor each = args[0].equals("virtual") ? virtual() : r -> new Thread(r).start();
        try (ServerSocket l = new ServerSocket(port, 512)) {
            while (true) {
                Socket s = l.accept();
                each.execute(() -> serve(s));
            }
        }
    }
}
