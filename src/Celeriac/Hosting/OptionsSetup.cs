using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Celeriac.Hosting;

/// <summary>Puts settings over the defaults before the program's own code speaks, and the command line's over everything after it.</summary>
internal sealed class OptionsSetup(IServiceProvider services, AppRegistration app)
    : IConfigureNamedOptions<CeleriacOptions>, IConfigureNamedOptions<WorkerOptions>, IPostConfigureOptions<CeleriacOptions>, IPostConfigureOptions<WorkerOptions>
{
    public void Configure(CeleriacOptions options) => Configure(Options.DefaultName, options);

    public void Configure(WorkerOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, CeleriacOptions options)
    {
        if (name == app.Name)
        {
            Settings.Apply(options);
        }
    }

    public void Configure(string? name, WorkerOptions options)
    {
        if (name == app.Name)
        {
            Settings.Apply(options);
        }
    }

    public void PostConfigure(string? name, CeleriacOptions options)
    {
        if (name == app.Name)
        {
            AppParts.Overrides(services, app).Apply(options);
        }
    }

    public void PostConfigure(string? name, WorkerOptions options)
    {
        if (name == app.Name)
        {
            AppParts.Overrides(services, app).Apply(options);
        }
    }

    private AppSettings Settings => services.GetRequiredKeyedService<AppSettings>(app.Name);
}
