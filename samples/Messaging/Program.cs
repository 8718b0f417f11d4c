// The messaging layer alone, no tasks: a publisher and a consumer on a URL.
//
//   dotnet run --project samples/Messaging                        a tour: acknowledge, reject, requeue, fanout, topics, delay, headers, compression
//   dotnet run --project samples/Messaging -- consume             waits for messages (first terminal)
//   dotnet run --project samples/Messaging -- publish Hello you   sends one (second terminal)
//   … --broker amqp://guest:guest@localhost                       the same on another broker
//   dotnet run --project samples/Messaging -- --show-wire --broker amqp://… --broker stomp://…
//                                                                 the bytes that one SendAsync becomes on each of these brokers
//
// `./build.sh brokers` starts RabbitMQ and ActiveMQ, and prints their URLs.
using System.Runtime.InteropServices;
using Celeriac.Amqp;
using Celeriac.Messaging;
using Celeriac.Sqlite;
using Celeriac.Stomp;
using MessagingSample;
using MessagingSample.Wire;

// An application with Celeriac's generator needs no such lines: referencing the packages is enough.
Transports.Add("sqlite", new SqliteTransportFactory());
Transports.Add("amqp", new AmqpTransportFactory());
Transports.Add("amqps", new AmqpTransportFactory());
Transports.Add("stomp", new StompTransportFactory());
Transports.Add("stomp+ssl", new StompTransportFactory());

if (CommandLine.Parse(args) is not { } command)
{
    Console.Error.WriteLine(CommandLine.Usage);
    return 2;
}

using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    if (command.ShowsWire)
    {
        return await new WireShow(stopping.Token).RunAsync(command.Brokers);
    }
    await using var transport = await Transports.ConnectAsync(command.Broker, cancellationToken: stopping.Token);
    Console.WriteLine($"Broker: {transport.Name}");
    await (command.Verb switch
    {
        "publish" => Conversation.PublishAsync(transport, command.Text, stopping.Token),
        "consume" => Conversation.ConsumeAsync(transport, stopping.Token),
        _ => new Tour(transport).RunAsync(stopping.Token),
    });
    return 0;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    return 130;
}
catch (Exception error) when (error is BrokerUrlException or TransportException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
