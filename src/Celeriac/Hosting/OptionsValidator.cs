using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Celeriac.Hosting;

/// <summary>Everything that is wrong with an app's settings, options and tasks, in one answer.</summary>
internal sealed class OptionsValidator(IServiceProvider services, AppRegistration app) : IValidateOptions<CeleriacOptions>
{
    public ValidateOptionsResult Validate(string? name, CeleriacOptions options)
    {
        if (name != app.Name)
        {
            return ValidateOptionsResult.Skip;
        }
        List<string> faults =
        [
            .. services.GetRequiredKeyedService<AppSettings>(app.Name).Faults,
            .. OptionFaults.Of(options),
            .. OptionFaults.Of(AppParts.WorkerOptions(services, app)),
            .. OptionFaults.Between(options, AppParts.WorkerOptions(services, app)),
            .. TaskFaults(),
        ];
        return faults.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(app.IsUnnamed ? faults : faults.Select(fault => $"App '{app.Name}': {fault}"));
    }

    private IEnumerable<string> TaskFaults() =>
        from task in app.Tasks.Distinct()
        group task by task.Name into named
        where named.Count() > 1
        select $"Tasks {string.Join(" and ", named.Select(task => task.Method))} are all named '{named.Key}'. Give each another name in its [Task] attribute.";
}
