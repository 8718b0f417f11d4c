using Celeriac.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Celeriac.Hosting;

/// <summary>
/// Collects an app's settings, weakest first: connection string, configuration section, Celery's environment variables, Celeriac's.
/// Nothing that was written is silently without effect: unknown and unreadable settings become faults.
/// </summary>
internal sealed class SettingReader
{
    private const string Section = "Celeriac";
    private readonly AppRegistration _app;
    private readonly IReadOnlyList<string> _otherApps;
    private readonly List<OptionsChange> _changes = [];
    private readonly List<string> _faults = [];

    private SettingReader(AppRegistration app, IEnumerable<AppRegistration> apps)
    {
        _app = app;
        _otherApps = [.. apps.Where(other => other != app && !other.IsUnnamed).Select(other => other.Name)];
    }

    public static AppSettings Read(IServiceProvider services, AppRegistration app)
    {
        var reader = new SettingReader(app, services.GetServices<AppRegistration>());
        if (services.GetService<IConfiguration>() is { } configuration)
        {
            reader.ReadConnectionString(configuration);
            reader.ReadSection(configuration.GetSection(app.IsUnnamed ? Section : $"{Section}:{app.Name}"));
        }
        reader.ReadEnvironment(services.GetRequiredService<EnvironmentVariables>().Variables);
        return new AppSettings(reader._changes, reader._faults);
    }

    private void ReadConnectionString(IConfiguration configuration)
    {
        string[] names = _app.IsUnnamed ? ["celery", "celeriac"] : [_app.Name];
        foreach (var name in names)
        {
            if (configuration[$"ConnectionStrings:{name}"] is { Length: > 0 } url)
            {
                _changes.Add(new OptionsChange(options => options.BrokerUrl = url, null));
            }
        }
    }

    private void ReadSection(IConfigurationSection section)
    {
        foreach (var child in section.GetChildren())
        {
            if (IsMap(child.Key, child) is { } map)
            {
                _changes.Add(map.ReadMap!(child, _faults));
            }
            else if (ListOf(child) is { } text)
            {
                ReadSetting(child.Path, child.Key, text);
            }
            else if (SettingTable.Groups.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                ReadGroup(child);
            }
            else if (!_otherApps.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                ReadForeignGroup(child);
            }
        }
    }

    private void ReadGroup(IConfigurationSection group)
    {
        foreach (var child in group.GetChildren())
        {
            if (IsMap($"{group.Key}_{child.Key}", child) is { } map)
            {
                _changes.Add(map.ReadMap!(child, _faults));
            }
            else
            {
                ReadSetting(child.Path, $"{group.Key}_{child.Key}", ListOf(child) ?? "");
            }
        }
    }

    /// <summary>The setting, where it may be a map and this is one, or a list of maps.</summary>
    private static Setting? IsMap(string name, IConfigurationSection section) =>
        SettingTable.Find(name) is { ReadMap: not null } setting && section.GetChildren().Any(child => !int.TryParse(child.Key, out _) || child.GetChildren().Any()) ? setting : null;

    /// <summary>Another app's section, of another program perhaps, unless its name looks like a slip of the pen.</summary>
    private void ReadForeignGroup(IConfigurationSection group)
    {
        var meant = DidYouMean.Sentence(group.Key, SettingTable.Groups);
        if (meant.Length > 0)
        {
            _faults.Add($"Configuration section '{group.Path}' is unknown. {meant}Correct or remove it.");
        }
    }

    /// <summary>The text of a leaf; the items of a list, comma-separated; null for a group.</summary>
    private static string? ListOf(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            return section.Value ?? "";
        }
        return children.All(child => int.TryParse(child.Key, out _)) ? string.Join(',', children.Select(child => child.Value)) : null;
    }

    private void ReadEnvironment(IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        // Celery's variables may be there for a Python program: those without a meaning here are its own business, and its routes are written in Python.
        if (_app.IsUnnamed)
        {
            foreach (var (key, text) in WithPrefix(variables, "CELERY_").Where(variable => SettingTable.Find(variable.Name) is { ReadMap: null }).Select(variable => (variable.Key, variable.Text)))
            {
                ReadSetting(key, key["CELERY_".Length..], text);
            }
        }
        foreach (var (key, name, text) in WithPrefix(variables, _app.IsUnnamed ? "CELERIAC_" : $"CELERIAC_{_app.Name}_"))
        {
            if (SettingTable.Find(name) is not null || (DidYouMean.Sentence(name, SettingTable.Names).Length > 0 && !IsOfNamedApp(name)))
            {
                ReadSetting(key, name, text);
            }
        }
    }

    /// <summary>Somebody's <c>CELERIAC_BILLING_BROKER_URL</c> is no misspelt <c>CELERIAC_BROKER_URL</c>.</summary>
    private static bool IsOfNamedApp(string name) =>
        SettingTable.Names.Any(setting => name.EndsWith($"_{setting}", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<(string Key, string Name, string Text)> WithPrefix(IReadOnlyList<KeyValuePair<string, string>> variables, string prefix) =>
        variables.Where(variable => variable.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .OrderBy(variable => variable.Key, StringComparer.Ordinal)
            .Select(variable => (variable.Key, variable.Key[prefix.Length..], variable.Value));

    private void ReadSetting(string key, string name, string text)
    {
        if (SettingTable.Find(name) is not { } setting)
        {
            _faults.Add($"Setting '{key}' is unknown. {DidYouMean.Sentence(name, SettingTable.Names)}Correct or remove it. Settings: {string.Join(", ", SettingTable.Names)}.");
        }
        else if (text.Length > 0 && setting.Read(text) is not { } change)
        {
            _faults.Add($"Setting '{key}' is '{text}', but must be {setting.Expected}. Write for example {setting.Example}.");
        }
        else if (text.Length > 0)
        {
            _changes.Add(setting.Read(text)!);
        }
    }
}
