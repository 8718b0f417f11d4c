using Celeriac.Sqlite;
using Microsoft.CodeAnalysis;

namespace Celeriac.Generators.Tests;

/// <summary>The registration file, the extension and the module initialiser: what is written, and when nothing is.</summary>
public sealed class RegistrationTests
{
    private const string Task = "public static partial class Tasks { [Celeriac.Task(\"t\")] public static void Run() { } }";
    private const string Factory = """
        using Celeriac.Messaging;
        [assembly: Transport("demo", typeof(Library.Factory))]
        namespace Library;
        public sealed class Factory : ITransportFactory { public ITransport Create(BrokerUrl url, TransportContext context) => throw new System.NotSupportedException("A test's factory."); }
        """;

    private static MetadataReference Sqlite => MetadataReference.CreateFromFile(typeof(SqliteTransportFactory).Assembly.Location);

    [Fact]
    public void Nothing_is_written_for_a_program_without_tasks() => Assert.Empty(GeneratorRun.Of("public class Program;").FileNames);

    [Theory]
    [InlineData("public static partial class Tasks { [Celeriac.Task(\"t\")] public static void Run() { } }", "public static class CeleriacTasks")]
    [InlineData("internal static partial class Tasks { [Celeriac.Task(\"t\")] public static void Run() { } }", "internal static class CeleriacTasks")]
    public void The_list_of_tasks_is_as_visible_as_their_classes(string source, string declaration) =>
        Assert.Contains(declaration, GeneratorRun.Of(source).File("CeleriacTasks.g.cs"), StringComparison.Ordinal);

    [Theory]
    [InlineData("My.App", "namespace My.App;")]
    [InlineData("my-app.1st.class", "namespace my_app._1st.@class;")]
    public void The_list_is_in_the_root_namespace(string rootNamespace, string declaration)
    {
        var run = GeneratorRun.Of(Task, rootNamespace);
        Assert.Contains(declaration, run.File("CeleriacTasks.g.cs"), StringComparison.Ordinal);
        Assert.Empty(run.CompilerComplaints());
    }

    [Fact]
    public void Without_a_root_namespace_the_assembly_gives_its_name()
    {
        var run = GeneratorRun.Of(Task, rootNamespace: "", assemblyName: "My.App");
        Assert.Contains($"namespace My.App;", run.File("CeleriacTasks.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void AddTasks_needs_no_using()
    {
        var run = GeneratorRun.Of($"namespace App {{ public static class Program {{ public static void Main(Celeriac.CeleriacBuilder builder) => builder.AddTasks(); }} }} {Task}");
        Assert.Empty(run.CompilerComplaints());
    }

    [Fact]
    public void A_library_lists_its_tasks_for_others()
    {
        var library = GeneratorRun.Of($"namespace Lib; {Task}", "Lib", "Lib").ToReference();
        var app = GeneratorRun.Of("public static class Program { public static string Main() => Lib.CeleriacTasks.All[0].Name; }", references: [library]);
        Assert.Empty(app.CompilerComplaints());
    }

    [Fact]
    public void A_test_project_that_sees_the_internals_of_an_app_has_its_own_AddTasks()
    {
        var app = GeneratorRun.Of($"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Tests\")] namespace App; {Task}", "App", "App");
        var tests = GeneratorRun.Of($"namespace Tests; public static class Program {{ public static void Main(Celeriac.CeleriacBuilder builder) => builder.AddTasks(); }} {Task}", "Tests", "Tests", [app.ToReference()]);
        Assert.Empty(tests.CompilerComplaints());
    }

    [Fact]
    public void Classes_that_differ_by_case_get_files_of_their_own() => Assert.Equal(
        ["Tasks.g.cs", "tasks_.g.cs"],
        GeneratorRun.Of($"{Task} {Task.Replace("class Tasks", "class tasks", StringComparison.Ordinal).Replace("\"t\"", "\"u\"", StringComparison.Ordinal)}").FileNames.Where(name => name.StartsWith("t", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Transports_of_referenced_packages_are_listed_in_the_order_of_their_schemes()
    {
        var run = GeneratorRun.Of("public class Program;", references: [Sqlite, GeneratorRun.Of(Factory, assemblyName: "Library").ToReference()]);
        Assert.Empty(run.CompilerComplaints());
        Snapshot.Matches(run.File("CeleriacTransports.g.cs"), "Transports");
    }

    [Fact]
    public void Result_stores_of_referenced_packages_are_registered_with_their_own_class()
    {
        const string library = """
            [assembly: Celeriac.ResultStore("demo-results", typeof(Library.Store))]
            namespace Library;
            public sealed class Store : Celeriac.IResultStoreFactory { public Celeriac.IResultStore Create(Celeriac.Messaging.BrokerUrl url, Celeriac.ResultStoreContext context) => throw new System.NotSupportedException("A test's factory."); }
            """;
        var run = GeneratorRun.Of("public class Program;", references: [GeneratorRun.Of(library, assemblyName: "Library").ToReference()]);
        Assert.Empty(run.CompilerComplaints());
        Assert.Contains("global::Celeriac.ResultStores.Add(\"demo-results\", new global::Library.Store());", run.File("CeleriacTransports.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_referenced_transport_is_registered_before_anything_runs()
    {
        var program = GeneratorRun.Of("public static class Program { public static int One() => 1; }", references: [Sqlite]).Load();
        program.GetType("Program")!.GetMethod("One")!.Invoke(null, null);
        Assert.Contains("sqlite", Celeriac.Messaging.Transports.Schemes);
    }

    [Fact]
    public void Its_own_transport_is_left_to_the_package_that_declares_it() => Assert.Empty(GeneratorRun.Of(Factory).FileNames);
}
