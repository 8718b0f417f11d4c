using Celeriac.Diagnostics;
using Celeriac.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Celeriac.Hosting;

/// <summary>
/// An app's life with its host: the client is there before any other service starts, and the worker, where one is wanted, runs from start to stop.
/// Starting never waits for the broker.
/// </summary>
internal sealed class AppService(IServiceProvider services, AppRegistration app) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private TaskClient? _client;
    private Task _working = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        _client = AppParts.Get<TaskClient>(services, app);
        // A child of a worker's pool: nothing else of the host may start in it, no web server and no timer.
        if (AppParts.Overrides(services, app).RunsWorker && await AppParts.Get<Worker>(services, app).ServePoolAsync().ConfigureAwait(false))
        {
#pragma warning disable RS0030 // The host was never started, so it cannot end the process.
            Environment.Exit(0);
#pragma warning restore RS0030
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (AppParts.Overrides(services, app).RunsWorker)
        {
            var worker = AppParts.Get<Worker>(services, app);
            _working = Task.Run(() => WorkAsync(worker), CancellationToken.None);
        }
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before any service stops: no new work from here on.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => _stop.CancelAsync();

    /// <summary>Lets running tasks finish; when the host's patience ends before theirs, they are cancelled and their messages go back.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        var overrides = AppParts.Overrides(services, app);
        await using var impatience = (overrides.OutlastsHost ? CancellationToken.None : cancellationToken).Register(overrides.CancelTasks).ConfigureAwait(false);
        await _working.ConfigureAwait(false);
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_client is { } client)
        {
            CurrentClient.RemoveDefault(client);
        }
        return Task.CompletedTask;
    }

    public void Dispose() => _stop.Dispose();

    private async Task WorkAsync(Worker worker)
    {
        try
        {
            await worker.RunAsync(_stop.Token, AppParts.Overrides(services, app).StopNow).ConfigureAwait(false);
            if (!_stop.IsCancellationRequested)
            {
                // Remote control's shutdown: as with Celery, the process ends with its worker.
                services.GetService<IHostApplicationLifetime>()?.StopApplication();
            }
        }
        catch (Exception error)
        {
            // A worker that has ended unasked must not leave a process behind that looks alive.
            Log.WorkerFailed(AppParts.Logs(services).CreateLogger("Celeriac.Worker"), error, worker.Node);
            services.GetService<IHostApplicationLifetime>()?.StopApplication();
            throw;
        }
    }
}
