namespace Celeriac.Stomp;

/// <summary>How the messages of a subscription are acknowledged.</summary>
public enum StompAckMode
{
    /// <summary><c>auto</c>: a message counts as received once the server has sent it. One that is lost on the way stays lost.</summary>
    Auto,

    /// <summary><c>client</c>: an ACK accepts its message and every earlier one of the subscription.</summary>
    Client,

    /// <summary><c>client-individual</c>: an ACK accepts its message alone.</summary>
    ClientIndividual,
}
