using Celeriac;
using Celeriac.Interop.Peer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The C# worker that the interop tests kill: a program with Celeriac's verbs, as a user writes it.
var builder = Host.CreateApplicationBuilder();
builder.Services.AddCeleriac(celeriac => celeriac.AddTasks(PeerTasks.All));
using var host = builder.Build();
return await host.RunCeleriacAsync(args);
