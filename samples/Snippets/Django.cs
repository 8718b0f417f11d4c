using Celeriac;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Snippets;

#region django
public static partial class Images
{
    [Task("images.thumbnail", Queue = "csharp")]
    public static string Thumbnail(string path, int maxWidth = 200) => $"{path} at {maxWidth}";

    [Task("images.describe", Queue = "csharp")]
    public static async Task<string> DescribeAsync(string path)
    {
        var caption = await Shop.CaptionTask.DelayAsync(path);        // a Python task: sent, not waited for
        return caption.Id;
    }
}

public static partial class Shop
{
    [Task("shop.caption", Queue = "celery")]                          // lives in Python: no body
    public static partial Task<string> CaptionAsync(string path);
}
#endregion

public static class DjangoSnippets
{
    public static async Task<int> MainAsync(string[] args)
    {
        #region django_host
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddCeleriac(celeriac => celeriac
            .Broker(Environment.GetEnvironmentVariable("BROKER_URL")!)
            .ResultBackend(Environment.GetEnvironmentVariable("RESULT_BACKEND")!)
            .AddTasks());
        using var host = builder.Build();
        return await host.RunCeleriacAsync(args);
        #endregion
    }
}
