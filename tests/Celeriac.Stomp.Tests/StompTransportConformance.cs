using Celeriac.Conformance;

namespace Celeriac.Stomp.Tests;

/// <summary>Every fact about transports, on ActiveMQ.</summary>
public sealed class ActiveMqTransportConformance() : TransportConformance(new ActiveMqHarness());

/// <summary>Every fact about transports, on RabbitMQ through its STOMP plug-in.</summary>
public sealed class RabbitMqStompTransportConformance() : TransportConformance(new RabbitMqStompHarness());
