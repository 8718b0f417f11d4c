using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Generators.Tests;

internal static class Pending
{
    public static MetadataReference[] References(IEnumerable<MetadataReference> references)
    {
        if (typeof(None).Assembly.GetType("Celeriac.CeleriacBuilder") is not null)
        {
            return [];
        }
        using var stream = new MemoryStream();
        CSharpCompilation.Create("CeleriacPending", [CSharpSyntaxTree.ParseText(Builder)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(stream);
        return [MetadataReference.CreateFromImage(stream.ToArray())];
    }

    private const string Builder = """
        namespace Celeriac { public sealed class CeleriacBuilder { public CeleriacBuilder AddTasks(System.Collections.Generic.IEnumerable<TaskDefinition> tasks) { System.GC.KeepAlive(tasks); return this; } } }
        """;
}
