// The code of docs/guide.md. A test compares each region with the page; this file only has to compile. (Readme.cs is the README's program, whole.)
using System.Text.Json.Nodes;
using Celeriac;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Snippets;

#region tasks
public static partial class MathTasks
{
    [Task("math.add")]
    public static int Add(int x, int y) => x + y;

    [Task("math.mean")]
    public static double Mean(params double[] values) => values.Average();
}
#endregion

#region instance
public sealed partial class Mail(ISmtpClient smtp)
{
    [Task("mail.send", MaxRetries = 5, RetryOn = [typeof(IOException)], RetryBackoff = true)]
    public async Task SendAsync(string to, string subject, TaskContext context, CancellationToken cancellation)
    {
        await smtp.SendAsync(to, $"{subject} (try {context.Retries + 1})", cancellation);
    }
}
#endregion

#region elsewhere
public static partial class PythonTasks
{
    [Task("proj.tasks.resize", Queue = "images")]
    public static partial Task<string> ResizeAsync(string path, int width);
}
#endregion

#region progress
public static partial class Reports
{
    [Task("reports.build", SoftTimeLimit = 60, TimeLimit = 90)]
    public static async Task<int> BuildAsync(int pages, TaskContext context, CancellationToken cancellation)
    {
        for (var page = 1; page <= pages; page++)
        {
            await PrintAsync(page, cancellation);
            await context.ReportProgressAsync(page, pages, "printing", cancellation);
        }
        return pages;
    }

    private static Task PrintAsync(int page, CancellationToken cancellation) => Console.Out.WriteLineAsync($"page {page}".AsMemory(), cancellation);
}
#endregion

#region retry
public static partial class Feeds
{
    [Task("feeds.read", MaxRetries = 10)]
    public static async Task<string> ReadAsync(Uri feed, TaskContext context, CancellationToken cancellation)
    {
        try
        {
            using var http = new HttpClient();
            return await http.GetStringAsync(feed, cancellation);
        }
        catch (HttpRequestException error)
        {
            throw context.Retry(error, countdown: TimeSpan.FromSeconds(30));
        }
    }
}
#endregion

public interface ISmtpClient
{
    Task SendAsync(string recipient, string text, CancellationToken cancellation);
}

internal static class Guide
{
    public static async Task FirstAsync()
    {
        #region first
        await using var client = TaskClient.Open("sqlite://celeriac.db");
        using var scope = client.Use();

        AsyncResult<int> sum = await MathTasks.AddTask.DelayAsync(2, 3);
        Console.WriteLine(await sum.GetAsync(TimeSpan.FromSeconds(10)));
        #endregion
    }

    public static async Task HostAsync()
    {
        #region host
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddCeleriac(celeriac => celeriac
            .Broker("sqlite://celeriac.db")
            .AddTasks()
            .AddWorker(worker => worker.Concurrency = 8));
        using var host = builder.Build();
        await host.RunAsync();
        #endregion
    }

    public static async Task<int> ProgramAsync(string[] args)
    {
        #region program
        var builder = Host.CreateApplicationBuilder();          // no args: `-Q mail` is for the verb, not for the host
        builder.Services.AddCeleriac(celeriac => celeriac.AddTasks());
        using var host = builder.Build();
        return await host.RunCeleriacAsync(args);
        #endregion
    }

    public static async Task QuarantineAsync(TaskClient client)
    {
        #region quarantine
        var quarantine = new Quarantine(client, "mail");
        foreach (var message in await quarantine.ListAsync())
        {
            Console.WriteLine($"{message.Id}: {message.Text}");
        }
        await quarantine.RetryAllAsync();
        #endregion
    }

    public static async Task CallAsync(TaskClient client)
    {
        #region call
        await MathTasks.AddTask.DelayAsync(2, 3);
        await MathTasks.AddTask.With(countdown: TimeSpan.FromMinutes(5), queue: "slow", priority: 7).DelayAsync(2, 3);

        Signature<int> later = MathTasks.AddTask.S(2, 3);      // data: nothing is sent yet
        await client.SendAsync(later);
        await client.SendAsync(new Signature("proj.tasks.add").WithArgs(2, 3));
        #endregion
    }

    public static async Task EventsAsync(TaskClient client)
    {
        #region events
        client.Events.Send("order-shipped", new JsonObject { ["order"] = 42 });

        var cluster = new ClusterState();
        await using var receiver = client.Events.Receive();        // or Receive("worker.#")
        await foreach (var happened in receiver)
        {
            cluster.Apply(happened);
            Console.WriteLine($"{happened.Timestamp:T} {happened.Hostname} {happened.Type} {happened.TaskId}");
            Console.WriteLine($"{cluster.Workers.Count(worker => worker.IsAlive)} workers, {cluster.Tasks(TaskStates.Failure).Count} failures");
        }
        #endregion
    }

    public static async Task ResultAsync(TaskClient client, string id)
    {
        #region read_progress
        if (await client.Result<int>(id).ReadProgressAsync() is { } progress)
        {
            Console.WriteLine($"{progress.Current} of {progress.Total}: {progress.Description}");
        }
        #endregion

        #region bulk
        try
        {
            IReadOnlyList<AsyncResult<int>> sums = await MathTasks.AddTask.DelayManyAsync(Enumerable.Range(0, 10_000).Select(number => (number, 1)));
        }
        catch (BulkSendException some)
        {
            Console.WriteLine($"{some.Confirmed.Count} were sent, {some.Refused.Count} were not, {some.Unknown.Count} may have been.");
        }
        #endregion

        #region result
        var report = client.Result<int>(id);
        if (!await report.ReadyAsync())
        {
            Console.WriteLine(await report.StateAsync());      // PENDING, STARTED, RETRY, or a state of the task's own
        }
        try
        {
            int pages = await report.GetAsync(TimeSpan.FromMinutes(2));
        }
        catch (RemoteTaskException failure)
        {
            Console.WriteLine($"{failure.RemoteType}: {failure.RemoteMessage}\n{failure.Traceback}");
        }
        catch (TimeoutException)
        {
            // The task goes on; only this wait has ended.
        }
        #endregion
    }
}
