using Celeriac;

namespace Snippets;

/// <summary>The code of docs/canvas.md.</summary>
public static partial class Shop
{
    [Task("shop.add")]
    public static int Add(int x, int y) => x + y;

    [Task("shop.mul")]
    public static int Mul(int x, int by) => x * by;

    [Task("shop.format")]
    public static string Format(int value) => $"{value}";

    [Task("shop.price")]
    public static int Price(string order) => order.Length;

    [Task("shop.address")]
    public static string Address(string order) => order;

    [Task("shop.mean")]
    public static double Mean(IReadOnlyList<int> prices) => prices.Average();

    #region errback
    [Task("shop.report")]
    public static void Report(FailedTask failed, string channel) =>
        Console.WriteLine($"{channel}: {failed.Task}[{failed.Id}] failed: {failed.Exception?.RemoteMessage}\n{failed.Traceback}");

    public static async Task SendAsync(string order) =>
        await PriceTask.S(order).LinkError(ReportTask.Partial("#shop")).DelayAsync();
    #endregion

    #region several_types
    [Task("shop.label")]
    public static string Label((int Price, string Address) found) => $"{found.Address}: {found.Price}";

    public static async Task<string> LabelAsync(string order)
    {
        var label = await (Group.Of(PriceTask.S(order), AddressTask.S(order)) | LabelTask.Partial()).DelayAsync();
        return await label.GetAsync();
    }
    #endregion

    public static async Task ChainAsync()
    {
        #region chain
        var sent = await (AddTask.S(2, 2) | MulTask.Partial(4) | FormatTask.Partial()).DelayAsync();
        string text = await sent.GetAsync();              // of the last task
        var product = sent.Parent;                        // of the one before, and so on
        #endregion
        Console.WriteLine($"{text} {product}");
    }

    public static async Task GroupAsync(string[] orders)
    {
        #region group
        var group = await Group.Of(orders.Select(order => PriceTask.S(order))).DelayAsync();
        int[] prices = await group.GetAsync();            // in the order of the members
        var done = await group.CompletedAsync();          // of group.Members.Count
        await group.RevokeAsync();                        // all members
        #endregion
        Console.WriteLine($"{prices.Length} {done}");
    }

    public static async Task ChordAsync(string[] orders)
    {
        #region chord
        var mean = await (Group.Of(orders.Select(order => PriceTask.S(order))) | MeanTask.Partial()).DelayAsync();
        double price = await mean.GetAsync();
        GroupResult members = mean.Parent!.Group!;
        #endregion
        Console.WriteLine($"{price} {members}");
    }

    public static async Task MapAsync(string[] orders)
    {
        #region maps
        int[] prices = await (await PriceTask.Map(orders).DelayAsync()).GetAsync();                  // one run
        int[] sums = await (await AddTask.StarMap([(1, 2), (3, 4)]).DelayAsync()).GetAsync();        // one run, several arguments
        int[][] parts = await (await PriceTask.Chunks(orders, 100).DelayAsync()).GetAsync();         // a group of runs of 100 calls

        Signature<int[]> inPython = Map.Of(new Signature("proj.tasks.price").AsPartial<string, int>(), orders);
        #endregion
        Console.WriteLine($"{prices.Length} {sums.Length} {parts.Length} {inPython}");
    }
}
