import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.broker.TransportConnector;
import org.apache.activemq.broker.region.policy.PolicyEntry;
import org.apache.activemq.broker.region.policy.PolicyMap;
import org.apache.activemq.broker.region.policy.VMPendingQueueMessageStoragePolicy;

/**
 * ActiveMQ Classic in memory whose queues take so many bytes each, and all together as many as the second argument says,
 * where there is one; says `listening on PORT` when STOMP answers.
 */
public class FullBroker {
    public static void main(String[] arguments) throws Exception {
        PolicyEntry each = new PolicyEntry();
        each.setMemoryLimit(Long.parseLong(arguments[0]));
        each.setProducerFlowControl(true);
        // Messages stay in memory, and do not make room by going to disk.
        each.setPendingQueuePolicy(new VMPendingQueueMessageStoragePolicy());
        PolicyMap policy = new PolicyMap();
        policy.setDefaultEntry(each);
        BrokerService broker = new BrokerService();
        broker.setPersistent(false);
        broker.setUseJmx(false);
        broker.setDestinationPolicy(policy);
        if (arguments.length > 1) {
            broker.getSystemUsage().getMemoryUsage().setLimit(Long.parseLong(arguments[1]));
        }
        TransportConnector stomp = broker.addConnector("stomp+nio://127.0.0.1:0");
        broker.start();
        broker.waitUntilStarted();
        System.out.println("listening on " + stomp.getConnectUri().getPort());
        broker.waitUntilStopped();
    }
}
