import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/**
 * Subscribes to a topic and says on standard output what comes, a line for each message: `heard`, its class, its body, then
 * `name:value` for each of its properties; body, names and values in Base64.
 *
 * Arguments: URL of the broker, topic, class of the connection factory.
 */
public final class TopicListener {
    public static void main(String[] arguments) throws JMSException, ReflectiveOperationException {
        Object factory = Class.forName(arguments[2]).getConstructor(String.class).newInstance(arguments[0]);
        Connection connection = ((ConnectionFactory) factory).createConnection();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageConsumer consumer = session.createConsumer(session.createTopic(arguments[1]));
        connection.start();
        System.out.println("ready");
        while (true) {
            Message message = consumer.receive();
            if (message == null) return;
            List<String> words = new ArrayList<>(List.of("heard", kindOf(message), encode(bodyOf(message))));
            for (Object name : Collections.list(message.getPropertyNames())) {
                Object value = message.getObjectProperty((String) name);
                words.add(encode(((String) name).getBytes(StandardCharsets.UTF_8)) + ":"
                    + encode(String.valueOf(value).getBytes(StandardCharsets.UTF_8)));
            }
            System.out.println(String.join(" ", words));
        }
    }

    private static byte[] bodyOf(Message message) throws JMSException {
        if (message instanceof TextMessage text) return text.getText().getBytes(StandardCharsets.UTF_8);
        if (!(message instanceof BytesMessage bytes)) return new byte[0];
        byte[] body = new byte[(int) bytes.getBodyLength()];
        bytes.readBytes(body);
        return body;
    }

    private static String kindOf(Message message) {
        if (message instanceof TextMessage) return "TextMessage";
        return message instanceof BytesMessage ? "BytesMessage" : message.getClass().getSimpleName();
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
