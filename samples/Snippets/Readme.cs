#region readme
using Celeriac;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder();
builder.Services.AddCeleriac(celeriac => celeriac.AddTasks());      // every [Task] of this project
using var host = builder.Build();
if (args.Length > 0)
{
    return await host.RunCeleriacAsync(args);                       // the program is its own worker: `dotnet run -- worker`
}

await host.StartAsync();
AsyncResult<int> sum = await Sums.AddTask.DelayAsync(2, 3);         // returns when the task is stored: it outlives this process
Console.WriteLine(await sum.GetAsync(TimeSpan.FromSeconds(10)));    // 5, once a worker has run it
return 0;

static partial class Sums
{
    [Task("sums.add")]
    public static int Add(int x, int y) => x + y;
}
#endregion
