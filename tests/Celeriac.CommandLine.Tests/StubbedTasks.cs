namespace Celeriac.CommandLine.Tests;

#pragma warning disable CA1801, IDE0060 // Only the signatures matter.
/// <summary>Tasks whose Python side is written.</summary>
internal static partial class StubbedTasks
{
    public enum Colour
    {
        Red,
        Blue,
    }

    [Task("math.add")]
    public static int Add(int x, int y = 2) => x + y;

    /// <summary>
    /// The mean of <paramref name="values"/>, as <see cref="Enumerable.Average(IEnumerable{double})"/>
    /// computes it: "exact" &amp; fast, <c>NaN</c> for none — <b>never</b> <see langword="null"/>.
    /// </summary>
    /// <param name="values">They are not kept.</param>
    [Task("math.mean", Queue = "slow", Priority = 7)]
    public static double Mean(params double[] values) => values.Average();

    [Task("shop.orders.place")]
    public static Task<Order> PlaceAsync(
        Order firstOrder, string? note, DateTimeOffset placedAt, Guid id = default, decimal price = 1.10m, Colour @class = Colour.Blue, List<string>? tags = null) =>
        throw new InvalidOperationException($"{firstOrder}{note}{placedAt}{id}{price}{@class}{tags}");

    [Task("shop")]
    public static void Shop(int orderId, int order_id, string text = "a \"quoted\" \\ text, 😀 \n")
    {
    }

    [Task("9 lives.del.\"\"\".\U0001F600")]
    public static void Odd(string self, string name)
    {
    }

    [Task("proj.elsewhere")]
    public static partial Task<int> ElsewhereAsync(int x);

    public sealed record Order(int Id);

    public static IReadOnlyList<TaskDefinition> Definitions { get; } =
        [AddTask.Definition, MeanTask.Definition, PlaceTask.Definition, ShopTask.Definition, OddTask.Definition, ElsewhereTask.Definition];
}
