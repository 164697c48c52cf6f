import org.apache.activemq.broker.BrokerPlugin;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.broker.TransportConnector;
import org.apache.activemq.plugin.StatisticsBrokerPlugin;

/** ActiveMQ Classic in memory with its statistics plugin; says `listening on PORT` when STOMP answers. */
public class StatisticsBroker {
    public static void main(String[] arguments) throws Exception {
        BrokerService broker = new BrokerService();
        broker.setPersistent(false);
        broker.setUseJmx(false);
        broker.setPlugins(new BrokerPlugin[] { new StatisticsBrokerPlugin() });
        TransportConnector stomp = broker.addConnector("stomp+nio://127.0.0.1:0");
        broker.start();
        broker.waitUntilStarted();
        System.out.println("listening on " + stomp.getConnectUri().getPort());
        broker.waitUntilStopped();
    }
}
