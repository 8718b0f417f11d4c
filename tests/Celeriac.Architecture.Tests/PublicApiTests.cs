namespace Celeriac.Architecture.Tests;

/// <summary>What a package offers is a file in the repository, so no change of it goes unseen.</summary>
public sealed class PublicApiTests
{
    // The suites' surface is their facts, which grow with every new one; nobody's program breaks by that.
    public static TheoryData<string> Packages => [.. Repository.Packages.Where(package => package != "Celeriac.Conformance")];

    [Theory]
    [MemberData(nameof(Packages))]
    public void The_public_surface_is_what_its_file_says(string package)
    {
        var file = Repository.PathOf("docs", "api", package + ".txt");
        var actual = PublicApi.Render(package);
        if (Environment.GetEnvironmentVariable("UPDATE_API") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }
        var expected = File.Exists(file) ? File.ReadAllText(file) : "";

        var difference = Lines(actual).Except(Lines(expected)).Select(line => "+ " + line)
            .Concat(Lines(expected).Except(Lines(actual)).Select(line => "- " + line)).ToList();

        Assert.True(
            expected == actual,
            $"The public surface of {package} has changed. If that is meant, run UPDATE_API=1 ./build.sh test --project Architecture and read the diff of docs/api/{package}.txt.\n{string.Join('\n', difference.Take(60))}");
    }

    // A member stands below its type, so both are named: two types may have the same member.
    private static IEnumerable<string> Lines(string text)
    {
        var type = "";
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(' '))
            {
                yield return $"{type}: {line.Trim()}";
            }
            else
            {
                type = line.Split(" : ")[0];
                yield return line;
            }
        }
    }
}
