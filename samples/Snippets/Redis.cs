using Celeriac;
using Celeriac.Messaging;
using Celeriac.Redis;

namespace Snippets.Redis;

public static class Fleet
{
    public static void Register()
    {
        #region redis_register
        Transports.Add("redis", new RedisTransportFactory());
        ResultStores.Add("redis", new RedisResultStoreFactory());
        #endregion
    }
}
