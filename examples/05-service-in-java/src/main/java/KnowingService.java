import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import jakarta.jms.TransactionRolledBackException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.UUID;
import org.apache.activemq.ActiveMQConnectionFactory;

/** Counts words too, and tells the caller more: how far it is, what went wrong, and what it saw. */
public final class KnowingService {
    private final Session session;
    private final Session newsSession;
    private final MessageProducer replies;
    private final MessageProducer news;

    private KnowingService(Connection connection) throws JMSException {
        session = connection.createSession(true, Session.SESSION_TRANSACTED);
        replies = session.createProducer(null);
        // In the transaction of the reply, progress would come with the reply.
        newsSession = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        String prefix = System.getenv().getOrDefault("REPLYTO_PREFIX", "replyto");
        news = newsSession.createProducer(newsSession.createQueue(prefix + ".status"));
    }

    public static void main(String[] arguments) throws JMSException {
        String url = System.getenv().getOrDefault("OPENWIRE_URL", "tcp://127.0.0.1:61616");
        Connection connection = new ActiveMQConnectionFactory("failover:(" + url + ")").createConnection();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(connection)));
        connection.start();
        new KnowingService(connection).serve("example.knowing-java");
    }

    private void serve(String name) throws JMSException {
        Queue queue = session.createQueue(name);
        MessageConsumer consumer = session.createConsumer(queue);
        System.out.println("answering requests of " + name);
        for (Message request = consumer.receive(); request != null; request = consumer.receive()) {
            try {
                Message reply = answer(request);
                reply.setJMSCorrelationID(request.getJMSCorrelationID());
                if (request.getJMSReplyTo() != null) replies.send(request.getJMSReplyTo(), reply);
                session.commit();
            } catch (TransactionRolledBackException lost) {
                // The broker was away in between: the request comes again.
            }
        }
    }

    private Message answer(Message request) throws JMSException {
        try {
            String text = request instanceof TextMessage message && message.getText() != null ? message.getText() : "";
            if (text.isBlank()) return fault("NO_WORDS", "there is nothing to count", 422);
            progress(request, 50, "half way");
            Message reply = session.createTextMessage(text.strip().split("\\s+").length + " words");
            reply.setStringProperty("Request-Digest", digest(text));
            return reply;
        } catch (RuntimeException failure) {
            return fault("SERVICE_FAILED", "the service has a fault of its own", 500);
        }
    }

    /** See schemas/fault.v1.json. */
    private Message fault(String code, String message, int status) throws JMSException {
        String body = "{\"code\":\"%s\",\"message\":\"%s\",\"status\":%d}".formatted(code, message, status);
        Message fault = session.createTextMessage(body);
        fault.setStringProperty("Fault", "true");
        return fault;
    }

    /** See schemas/status-event.v1.json. The JMSCorrelationID of a request is its Message-ID. */
    private void progress(Message request, int percent, String text) throws JMSException {
        String subject = request.getJMSCorrelationID().replace("\"", "\\\"");
        String event = "{\"id\":\"%s\",\"subject\":\"%s\",\"kind\":\"progress\",\"percent\":%d,\"text\":\"%s\",\"time\":%d}";
        news.send(newsSession.createTextMessage(
            event.formatted(UUID.randomUUID(), subject, percent, text, System.currentTimeMillis())));
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha-256=:" + Base64.getEncoder().encodeToString(hash) + ":";
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (JMSException gone) {
            // The broker takes back what was not committed.
        }
    }
}
