namespace Celeriac;

/// <summary>What a client and its workers share.</summary>
public sealed class CeleriacOptions
{
    /// <summary>Where tasks go; Celery's <c>broker_url</c>. Default <c>sqlite://celeriac.db</c>.</summary>
    public string BrokerUrl { get; set; } = "sqlite://celeriac.db";

    /// <summary>
    /// Where results go; Celery's <c>result_backend</c>: a store's URL, <c>rpc://</c> for replies, or <c>disabled://</c>.
    /// Default: the broker's own store where it can store, else replies.
    /// </summary>
    public string? ResultBackend { get; set; }

    /// <summary>The queue of tasks that name none; Celery's <c>task_default_queue</c>. Default <c>celery</c>.</summary>
    public string DefaultQueue { get; set; } = "celery";

    /// <summary>How long results are kept; Celery's <c>result_expires</c>. Default one day; zero keeps them for ever.</summary>
    public TimeSpan ResultExpires { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Whether a record also tells the task's name, arguments, worker, retries, routing key and stamps; Celery's <c>result_extended</c>. Default false:
    /// arguments may be large, and secret.
    /// </summary>
    public bool ResultExtended { get; set; }

    /// <summary>Largest body of a task message in bytes, also after decompression. Default 16 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 16 << 20;
}
