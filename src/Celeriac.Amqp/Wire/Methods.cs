namespace Celeriac.Amqp.Wire;

/// <summary>The methods of AMQP 0-9-1 that are used here: the class in the upper 16 bits, the method in the lower.</summary>
internal static class Methods
{
    public const uint ConnectionStart = (10 << 16) | 10;
    public const uint ConnectionStartOk = (10 << 16) | 11;
    public const uint ConnectionTune = (10 << 16) | 30;
    public const uint ConnectionTuneOk = (10 << 16) | 31;
    public const uint ConnectionOpen = (10 << 16) | 40;
    public const uint ConnectionOpenOk = (10 << 16) | 41;
    public const uint ConnectionClose = (10 << 16) | 50;
    public const uint ConnectionCloseOk = (10 << 16) | 51;
    public const uint ConnectionBlocked = (10 << 16) | 60;
    public const uint ConnectionUnblocked = (10 << 16) | 61;
    public const uint ChannelOpen = (20 << 16) | 10;
    public const uint ChannelOpenOk = (20 << 16) | 11;
    public const uint ChannelFlow = (20 << 16) | 20;
    public const uint ChannelFlowOk = (20 << 16) | 21;
    public const uint ChannelClose = (20 << 16) | 40;
    public const uint ChannelCloseOk = (20 << 16) | 41;
    public const uint ExchangeDeclare = (40 << 16) | 10;
    public const uint ExchangeDelete = (40 << 16) | 20;
    public const uint ExchangeBind = (40 << 16) | 30;
    public const uint QueueDeclare = (50 << 16) | 10;
    public const uint QueueDeclareOk = (50 << 16) | 11;
    public const uint QueueBind = (50 << 16) | 20;
    public const uint QueuePurge = (50 << 16) | 30;
    public const uint QueuePurgeOk = (50 << 16) | 31;
    public const uint QueueDelete = (50 << 16) | 40;
    public const uint QueueUnbind = (50 << 16) | 50;
    public const uint BasicQos = (60 << 16) | 10;
    public const uint BasicConsume = (60 << 16) | 20;
    public const uint BasicCancel = (60 << 16) | 30;
    public const uint BasicCancelOk = (60 << 16) | 31;
    public const uint BasicPublish = (60 << 16) | 40;
    public const uint BasicReturn = (60 << 16) | 50;
    public const uint BasicDeliver = (60 << 16) | 60;
    public const uint BasicGet = (60 << 16) | 70;
    public const uint BasicGetOk = (60 << 16) | 71;
    public const uint BasicGetEmpty = (60 << 16) | 72;
    public const uint BasicAck = (60 << 16) | 80;
    public const uint BasicReject = (60 << 16) | 90;
    public const uint BasicNack = (60 << 16) | 120;
    public const uint ConfirmSelect = (85 << 16) | 10;

    /// <summary>A method and its numbers, for what is said to people.</summary>
    public static string TextOf(uint method) => $"{method >> 16}.{method & 0xFFFF}";
}
